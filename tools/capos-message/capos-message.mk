# SPDX-License-Identifier: MIT
release host: build/tools/capos-message
