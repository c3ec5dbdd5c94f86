"""Django commands of the runtime."""
