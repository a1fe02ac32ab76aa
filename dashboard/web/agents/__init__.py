"""An agent's page, and the list of agents."""
