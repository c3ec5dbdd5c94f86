"""Pure generation of the demo firm: arguments in, frozen records out, the same for the same arguments."""
