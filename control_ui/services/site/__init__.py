"""What is told of one site on its pages: each module is one question, answered with a fixed number of statements."""
