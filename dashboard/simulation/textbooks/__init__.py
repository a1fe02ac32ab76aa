"""Textbook queues: closed forms, the simulator beside them, and how far an inbox is like them."""
