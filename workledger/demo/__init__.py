"""The demo firm: a made-up consultancy, generated from a seed and loaded through the product's own writes.

`calc` holds the pure generator (no database, no clock); others call `calc.firm.generate` and
`calc.bench.generate_bench`.
"""
