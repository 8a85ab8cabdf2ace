from book import query
