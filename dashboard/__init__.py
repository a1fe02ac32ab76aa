"""Evenhand: assigns every waiting conversation to the right agent and shows why."""
