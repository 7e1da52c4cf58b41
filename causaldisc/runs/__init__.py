"""Many runs of one algorithm: workers, resampled data, files."""
