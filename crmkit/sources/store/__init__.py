"""The store: Parquet files on disk that a load writes."""
