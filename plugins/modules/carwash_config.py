#!/usr/bin/python3
"""What the carwash_config action takes and returns. plugins/action/carwash_config.py does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: carwash_config
short_description: Put the desired configuration of a Pi in force
version_added: "0.1.0"
description:
  - Sends the whole desired configuration of a Pi to C(carwash config apply) on its standard input, in one round trip
    and without starting Python for Ansible on the Pi.
  - The configuration is first checked against C(pi_service/config.schema.json) on the controller; an invalid one is
    not sent.
  - The Pi tries the new stream before it switches. One that gives no picture is rolled back by the Pi itself, and the
    task fails with its reason.
  - Become the user C(carwash) for it.
options:
  variable:
    description:
      - Name of the host variable that holds the configuration. It is named, not passed, so that the camera's password
        is in no argument.
    type: str
    default: pi_service_config
  version:
    description:
      - Number of this configuration. Without it, the Pi numbers by itself, one more than the version in force where
        the content differs.
    type: int
  timeout_seconds:
    description:
      - How long the Pi may wait for the first picture of the new stream.
    type: int
    default: 30
attributes:
  check_mode:
    support: full
    description: The Pi decides what it would do; it tries and writes nothing.
  diff_mode:
    support: full
    description: Settings before and after, with password and key hashes masked by the Pi.
author:
  - Car wash fleet maintainers
"""

EXAMPLES = r"""
- name: Apply the desired configuration
  carwash_config:
    version: "{{ pi_service_config_version | default(omit) }}"
  become: true
  become_user: carwash
"""

RETURN = r"""
result:
  description: What the Pi did, V(applied), V(unchanged), V(refused) or V(rolled back).
  type: str
  returned: always
tried:
  description: Whether a running stream took a picture with the configuration before it was put in force.
  type: bool
  returned: when the Pi was reached
old_version:
  description: Version in force before. None on a Pi without configuration.
  type: int
  returned: when the Pi was reached
new_version:
  description: Version in force now. In check mode, the one that would be; on failure, the one that was not taken.
  type: int
  returned: when the Pi was reached
reason:
  description: Why it was refused or rolled back.
  type: str
  returned: on failure
faults:
  description: Every fault of an invalid configuration, as C(path) and C(message).
  type: list
  elements: dict
  returned: always
"""
