"""Pure functions over graphs: order, check, edit, layout, search, documents. No input, no output."""
