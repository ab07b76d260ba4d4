# SPDX-License-Identifier: MIT
#
# Everything that counts what it runs: the variant "coverage" of the kernel, with systems for it,
# and the host tests.  tools/coverage/run runs and reports.

.PHONY: coverage
coverage: $(call kernel_and_systems,coverage) build/coverage/default.iso $(call host_all,coverage/host) ; @:
