"""OpenSearch and Elasticsearch, over their REST API."""
