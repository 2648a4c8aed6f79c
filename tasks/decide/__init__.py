"""What is to be done about a mail: ordered rules, as data, over the columns of its reading; no model is asked."""
