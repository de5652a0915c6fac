"""The whole loop, told step by step, on the built-in world or on public data; on the SDK only."""
