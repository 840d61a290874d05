# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for credentials, the region, the hosts and the connection."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of everything that talks to the service. ``account_spec()`` in ``module_utils/_config/argument_spec.py`` is their specification."""

    DOCUMENTATION = r"""
options:
  region:
    description:
      - Id of the region of the DataArts Studio instance, for example V(eu-west-101). The names of the hosts are derived from it,
        and the name of the project if O(project_id) is not set.
      - If not set, the environment variable E(HW_REGION_NAME) is used.
    type: str
  cloud_domain:
    description:
      - Domain after the region in the names of hosts, on clouds other than V(myhuaweicloud.com), for example V(otc.t-systems.com).
      - If not set, the environment variable E(HW_CLOUD) is used. Without it, it is V(myhuaweicloud.eu) for the region V(eu-west-101) and
        V(myhuaweicloud.com) for all others.
    type: str
  project_id:
    description:
      - Id of the project.
      - If not set, the environment variables E(HW_PROJECT_ID) and E(HUAWEICLOUD_SDK_PROJECT_ID) are used, in this order. If none is set,
        the project is looked up at IAM by the name in E(HW_PROJECT_NAME) or, without that, by the name of O(region). It is an error if
        there is no such project, or more than one.
    type: str
  access_key:
    description:
      - Access key (AK) of an IAM user, or of temporary credentials if O(security_token) is set too. Requires O(secret_key).
      - Exactly one kind of credentials is used. The kinds are permanent keys (O(access_key) and O(secret_key)), temporary keys (which have
        O(security_token) too), a token (O(auth_token)), a user (O(user_name), O(user_password), and O(domain_name)), or the agency of the machine
        (O(use_instance_metadata)). Empty text counts as not set.
      - If an option of one kind is set, environment variables of the other kinds are ignored. Variables of the same kind fill in what the options
        leave out, unless one of them contradicts an option. So a secret key is never used with another access key.
      - If not set, the environment variables E(HW_ACCESS_KEY), E(HUAWEICLOUD_SDK_AK), and E(CLOUD_SDK_AK) are used, in this order.
      - If neither options nor these variables contain credentials, those of other tools are used, from the first of these places that has any.
        First comes the file that E(HW_SHARED_CONFIG_FILE) (with E(HW_PROFILE)), E(HUAWEICLOUD_SDK_CREDENTIALS_FILE) or E(OS_CLOUD) names, then
        the variables C(OS_*) of OpenStack's tools, then the section C(basic) of C(~/.huaweicloud/credentials), and last the only cloud of
        C(clouds.yaml).
      - Quote a value that consists of digits in YAML. A number loses its leading zeros.
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
      - If not set, the environment variables E(HW_SECURITY_TOKEN) and E(HUAWEICLOUD_SDK_SECURITY_TOKEN) are used, if the
        access key is that of E(HW_ACCESS_KEY) or E(HUAWEICLOUD_SDK_AK).
    type: str
  auth_token:
    description:
      - Existing IAM token, scoped to the project. It cannot be renewed. The task fails when it has expired.
      - If not set, the environment variable E(HW_AUTH_TOKEN) is used.
    type: str
  user_name:
    description:
      - Name of an IAM user with programmatic access. Requires O(user_password) and O(domain_name). They are exchanged
        for a token of the project at IAM. The token is kept in memory while Ansible runs, and is renewed when it expires or is revoked.
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
  use_instance_metadata:
    description:
      - Whether the temporary keys of this machine's agency are used. The machine must be an ECS with an agency that may use DataArts
        Studio. The keys are fetched from V(http://169.254.169.254) only, never through a proxy, and are renewed before they expire.
      - This is one of the kinds of credentials, and cannot be combined with the options of another kind. If it is set, environment
        variables with credentials are ignored. If it is not set, the metadata service is never used.
      - The machine is the one that runs the module.
    type: bool
    default: false
  agency_name:
    description:
      - Name of an agency to assume (assume role), in the account O(agency_domain_name). The credentials are then those of a user who
        may use agencies. They are either permanent keys (O(access_key) and O(secret_key)), which are exchanged for temporary keys, or a
        user (O(user_name), O(user_password), and O(domain_name)), for whom a token of the agency is requested.
      - If not set, and the credentials do not come from options, the environment variable E(HW_ASSUME_ROLE_AGENCY_NAME) is used.
    type: str
  agency_domain_name:
    description:
      - Name of the account that owns the agency O(agency_name). The project belongs to this account.
      - If not set, and the credentials do not come from options, the environment variable E(HW_ASSUME_ROLE_DOMAIN_NAME) is used.
    type: str
  endpoint:
    description:
      - Overrides the address of the v2 Factory API and of the management API, V(https://dayu.REGION.DOMAIN), for example with a
        private endpoint. It consists of a scheme, a host, and a port only. The default scheme is https.
      - If it is set and does not start with C(dayu.), the other hosts cannot be derived from it. Set O(endpoint_v1) and
        O(iam_endpoint) too if they are needed.
    type: str
  endpoint_v1:
    description:
      - Overrides the address of the v1 Factory API, V(https://dayu-dlf.REGION.DOMAIN).
    type: str
  iam_endpoint:
    description:
      - Overrides the address of IAM, V(https://iam.REGION.DOMAIN). IAM is only used to exchange a password for a
        token, to assume an agency, and to look up O(project_id).
      - If not set, the environment variable E(HW_AUTH_URL) is used; a C(/v3) at its end is removed.
    type: str
  validate_certs:
    description:
      - Whether the certificates of the hosts are verified. Turn this off for tests only.
    type: bool
    default: true
  ca_path:
    description:
      - File or directory with PEM certificates of the authorities to trust, instead of those that come with C(requests).
    type: path
  allow_http:
    description:
      - Whether addresses with plain C(http) are accepted for hosts other than the loopback of this machine. Anybody on
        the network path can then read and replay signatures and tokens.
    type: bool
    default: false
  connect_timeout:
    description:
      - Seconds to wait for a connection.
    type: float
    default: 10.0
  read_timeout:
    description:
      - Seconds to wait for a complete answer. The gateway of the service gives up after about 50 seconds.
    type: float
    default: 60.0
  max_retries:
    description:
      - How many times a request that failed without an effect is sent again. A write whose outcome is unknown is never simply sent again.
    type: int
    default: 4
requirements:
  - python >= 3.9 for the interpreter that runs the module
  - requests >= 2.25 for the Python interpreter that runs the module
notes:
  - Keep credentials out of playbooks. Use vaulted group variables with C(module_defaults) of the group C(dataarts.factory.api), the
    environment, or a custom credential type in AWX.
"""
