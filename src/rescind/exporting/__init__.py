"""Lists as files: what stands in each cell, and the forms a file can have."""
