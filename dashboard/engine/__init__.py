"""Who gets which conversation, and why: values in, values out."""
