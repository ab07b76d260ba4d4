# SPDX-License-Identifier: MIT
#
# make models: search the models of this folder (docs/internals/models.md).

.PHONY: models
models:
	@tools/check/models
