# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private to the collection: the options that say who acts, where, and over which hosts."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of everything that talks to the service; the specification beside it is ``account_spec()`` in ``module_utils/_config/argument_spec.py``."""

    DOCUMENTATION = r"""
options:
  region:
    description:
      - Id of the region where the DataArts Studio instance is, for example V(eu-west-101). It gives the names of the hosts,
        and of the project if O(project_id) is not set.
      - If not set, the environment variable E(HW_REGION_NAME) is used.
    type: str
  cloud_domain:
    description:
      - Domain behind the region, on clouds other than V(myhuaweicloud.com), for example V(otc.t-systems.com).
      - If not set, it is V(myhuaweicloud.eu) for the region V(eu-west-101) and V(myhuaweicloud.com) for all others.
    type: str
  project_id:
    description:
      - Id of the project.
      - If not set, the environment variables E(HW_PROJECT_ID) and E(HUAWEICLOUD_SDK_PROJECT_ID) are used, in this order. If none is set,
        the project with the name of O(region) is looked up at IAM; none or several such projects are an error.
    type: str
  access_key:
    description:
      - Access key (AK) of an IAM user, or of temporary credentials if O(security_token) is set too. Requires O(secret_key).
      - There are three kinds of credentials, of which exactly one is used. Keys (O(access_key), O(secret_key), and maybe O(security_token)),
        a token (O(auth_token)), or a user (O(user_name), O(user_password), and O(domain_name)). Empty text counts as not set.
      - As soon as an option of one kind is set, environment variables of the other kinds are ignored. Variables only fill in
        what is missing of the same kind, and only if they contradict no option, so that a secret key never joins a foreign access key.
      - If not set, the environment variables E(HW_ACCESS_KEY), E(HUAWEICLOUD_SDK_AK), and E(CLOUD_SDK_AK) are used, in this order.
      - A value of digits only has to be quoted in YAML. A number loses leading zeros.
    type: str
  secret_key:
    description:
      - Secret key (SK) that belongs to O(access_key).
      - If not set, the environment variables E(HW_SECRET_KEY), E(HUAWEICLOUD_SDK_SK), and E(CLOUD_SDK_SK) are used, each together
        with its access key.
    type: str
  security_token:
    description:
      - Security token that belongs to a temporary O(access_key) and O(secret_key).
      - If not set, the environment variables E(HW_SECURITY_TOKEN) and E(HUAWEICLOUD_SDK_SECURITY_TOKEN) are used, each provided that the
        access key is the one of E(HW_ACCESS_KEY) or E(HUAWEICLOUD_SDK_AK).
    type: str
  auth_token:
    description:
      - IAM token that is there already, scoped to the project. It cannot be renewed. When it has expired the task fails.
      - If not set, the environment variable E(HW_AUTH_TOKEN) is used.
    type: str
  user_name:
    description:
      - Name of an IAM user with programmatic access. Requires O(user_password) and O(domain_name), which are exchanged for
        a token of the project at IAM. The token is kept for the duration of the process and renewed when it expires or is revoked.
      - If not set, the environment variable E(HW_USER_NAME) is used.
    type: str
  user_password:
    description:
      - Password of O(user_name).
      - If not set, the environment variable E(HW_USER_PASSWORD) is used.
    type: str
  domain_name:
    description:
      - Name of the account that O(user_name) belongs to.
      - If not set, the environment variable E(HW_DOMAIN_NAME) is used.
    type: str
  agency_name:
    description:
      - Name of an agency to act as (assume role), in the account O(agency_domain_name). The credentials are then those of a
        user who may use agencies. Either permanent keys (O(access_key) and O(secret_key)), which give temporary keys, or a user
        (O(user_name), O(user_password), and O(domain_name)), who gets a token of the agency.
    type: str
  agency_domain_name:
    description:
      - Name of the account that owns the agency O(agency_name). The project is one of this account.
    type: str
  endpoint:
    description:
      - Overrides the address of the v2 Factory API and of the management API, V(https://dayu.REGION.DOMAIN), for example with a
        private endpoint. Scheme, host, and port only; without a scheme it is https.
      - If it is set and does not begin with C(dayu.), the other hosts are not guessed. Set O(endpoint_v1) and
        O(iam_endpoint) too where they are needed.
    type: str
  endpoint_v1:
    description:
      - Overrides the address of the v1 Factory API, V(https://dayu-dlf.REGION.DOMAIN).
    type: str
  iam_endpoint:
    description:
      - Overrides the address of IAM, V(https://iam.REGION.DOMAIN). It is only asked to exchange a password for a token,
        to assume an agency, and to look up O(project_id).
    type: str
  validate_certs:
    description:
      - Whether the certificates of the hosts are verified. Turn this off for tests only.
    type: bool
    default: true
  ca_path:
    description:
      - File or directory with PEM certificates of the authorities to trust, instead of those that C(requests) brings.
    type: path
  allow_http:
    description:
      - Whether addresses with plain C(http) are accepted for hosts other than the loopback of this machine. Signatures and tokens
        can then be read and replayed by anybody on the way.
    type: bool
    default: false
  connect_timeout:
    description:
      - Seconds to wait for a connection.
    type: float
    default: 10.0
  read_timeout:
    description:
      - Seconds to wait for a complete answer. The service's gateway gives up after about 50 seconds by itself.
    type: float
    default: 60.0
  max_retries:
    description:
      - How many times a request is sent again that failed without an effect. A write whose outcome is unknown is never sent again blindly.
    type: int
    default: 4
requirements:
  - requests >= 2.20 for the Python interpreter that runs the module
notes:
  - Credentials are best kept out of playbooks. Vaulted group variables passed on through C(module_defaults) of the group
    C(dataarts.factory.api), the environment, or a custom credential type in AWX all work.
"""
