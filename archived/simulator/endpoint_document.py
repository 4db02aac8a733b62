"""The document that tells what a collection is, with every key that the Transfer service gives."""

from __future__ import annotations

from datetime import datetime

from archived.simulator.collection import Collection, Kind
from archived.simulator.replies import Json
from archived.simulator.timing import with_blank

_ABSENT = (
    "acl_max_expiration_period_mins",
    "associated_flow_policy",
    "auto_delete_timeout",
    "canonical_name",
    "contact_email",
    "contact_info",
    "department",
    "description",
    "entity_type_details",
    "expire_time",
    "gcs_manager_url",
    "globus_connect_setup_key",
    "host_endpoint",
    "host_endpoint_display_name",
    "host_endpoint_id",
    "host_path",
    "https_server",
    "info_link",
    "keywords",
    "local_user_info_available",
    "mapped_collection_display_name",
    "mapped_collection_id",
    "myproxy_dn",
    "myproxy_server",
    "name",
    "network_use",
    "non_functional_endpoint_display_name",
    "non_functional_endpoint_id",
    "oauth_server",
    "organization",
    "preferred_concurrency",
    "preferred_parallelism",
    "max_concurrency",
    "max_parallelism",
    "requested_bandwidth",
    "s3_url",
    "sharing_target_endpoint",
    "sharing_target_root_path",
    "storage_type",
    "subscription_id",
    "tlsftp_server",
    "user_message",
    "user_message_link",
)
"""What a simulated collection does not have; the service says null."""

_NO = (
    "acl_available",
    "acl_editable",
    "activated",
    "disable_anonymous_writes",
    "force_encryption",
    "french_english_bilingual",
    "in_use",
    "mfa_required",
    "non_functional",
    "public",
    "s3_owner_activated",
    "skip_auto_delete",
)


def endpoint_document(collection: Collection, now: datetime) -> Json:
    """A collection as the service describes it."""
    personal = collection.personal
    server = {} if personal else {"gcs_version": "5.4.90", "is_go_storage": False}
    return {
        **dict.fromkeys(_ABSENT),
        **dict.fromkeys(_NO, False),
        "DATA_TYPE": "endpoint",
        "id": collection.id,
        "display_name": collection.display_name,
        "entity_type": collection.kind.value,
        "owner_id": collection.owner_id,
        "owner_string": "The Simulated Globus",
        "username": "simulated",
        "is_globus_connect": personal,
        "gcp_connected": collection.connected if personal else None,
        "gcp_paused": collection.paused if personal else None,
        "gcs_version": None,
        "is_go_storage": False,
        "high_assurance": collection.high_assurance,
        "authentication_timeout_mins": 1440 if collection.high_assurance else None,
        "authentication_assurance_timeout": 86400 if collection.high_assurance else None,
        "authentication_policy_id": None,
        "disable_verify": collection.disable_verify,
        "force_verify": collection.force_verify,
        "default_directory": collection.default_directory,
        "shareable": collection.kind is Kind.MAPPED,
        "expires_in": -1,
        "last_accessed_time": with_blank(now),
        "my_effective_roles": [],
        "DATA": [_server(collection)],
        **server,
    }


def _server(collection: Collection) -> Json:
    return {
        "DATA_TYPE": "server",
        "id": 1,
        "hostname": None if collection.personal else "127.0.0.1",
        "uri": None if collection.personal else "gsiftp://127.0.0.1:2811",
        "port": 2811,
        "scheme": "gsiftp",
        "subject": None,
        "is_connected": collection.connected,
        "is_paused": collection.paused,
    }
