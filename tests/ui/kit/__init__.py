"""What tests in a browser share: a stand-in with a life behind it, and a visitor who looks at its pages."""
