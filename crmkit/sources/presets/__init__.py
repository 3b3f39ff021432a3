"""What the exports of well-known systems look like: one declarative file per export, read by one small engine."""
