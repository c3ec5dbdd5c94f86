"""The addresses, one module for each area of the house. Importing a module registers its addresses."""
