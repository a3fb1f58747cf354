#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Wraps the C lines that are longer than 100 characters, and no others: build/wrap.sh FILE...
cd "$(dirname "$0")/.." || exit 1
for file; do
    lines=$(awk 'length($0) > 100 { printf " --lines=%d:%d", FNR, FNR }' "$file")
    [ -z "$lines" ] || clang-format-14 -style=file $lines -i "$file" 2>/dev/null ||
        clang-format -style=file $lines -i "$file"
done
