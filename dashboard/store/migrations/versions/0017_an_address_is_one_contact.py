"""An e-mail address is one contact, whatever its case

In a transaction of its own, which takes rows only. The contact in lower case remains, else the oldest one, which is
called so from now on.
"""

from alembic import op

revision = "0017"
down_revision = "0016"

ADDRESS = "identifier ~ '^[^@[:space:]]+@[^@[:space:]]+$'"
MERGE = f"""
UPDATE contacts SET merged_into_id = alike.remains FROM (
  SELECT id, first_value(id) OVER (
    PARTITION BY account_id, lower(identifier) ORDER BY identifier = lower(identifier) DESC, id
  ) AS remains
  FROM contacts WHERE {ADDRESS}
) AS alike
WHERE contacts.id = alike.id AND alike.id <> alike.remains
"""
FOLLOW = """
UPDATE conversations SET contact_id = contacts.merged_into_id FROM contacts
WHERE contacts.merged_into_id IS NOT NULL AND conversations.contact_id = contacts.id
"""
RENAME = f"""
UPDATE contacts SET identifier = lower(identifier)
WHERE merged_into_id IS NULL AND identifier <> lower(identifier) AND {ADDRESS}
"""


def upgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    for statement in (MERGE, FOLLOW, RENAME):
        op.execute(statement)
