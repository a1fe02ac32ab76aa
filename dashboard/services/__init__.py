"""Services: each public function performs one operation of the product in one transaction."""
