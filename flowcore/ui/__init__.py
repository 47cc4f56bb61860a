"""What a person sees: each module draws a value, or returns a new one. Streamlit lives here alone."""
