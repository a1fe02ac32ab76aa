"""Days of conversations, played through the engine's `plan`; Erlang's formulas; intervals. Values in, values out."""
