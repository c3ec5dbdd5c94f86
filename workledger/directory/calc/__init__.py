"""Pure calculation of the directory: dated terms and capacity."""
