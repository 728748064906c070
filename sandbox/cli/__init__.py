"""The command line of the sandbox: one module for each command, and what they share.

Results go to stdout, everything else (progress, complaints, counts) to stderr.
"""
