#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Checks the text of the tree's sources: the licence line, no tab, no blank at the end of a line,
# lines of at most 100 characters, no leftover marks.  One line for each offence, then
# "N passed, N failed".
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C

files=$(find . \( -name .git -o -name dist -o -name __pycache__ \) -prune -o -type f \
    \( -name '*.[chS]' -o -name '*.py' -o -name '*.sh' -o -name '*.mk' -o -name Makefile \
       -o -perm -u+x \) -print | sort)
passed=0 failed=0

[ -e .clang-format ] && passed=1 || { failed=1; echo "no .clang-format"; }

for file in $files; do
    offences=$(awk -v file="${file#./}" -v q="'" '
        function bad(what) { print file ":" FNR ": " what }
        BEGIN { make = file ~ /(Makefile|\.mk)$/; one_line = file ~ /objs\.mk$/ }
        FNR <= 3 && /SPDX-License-Identifier: / { spdx = 1 }
        /[ \t]$/ { bad("blank at the end of the line") }
        /\t/ && !make { bad("tab") }
        { line = $0; gsub(/[\200-\277]/, "", line) }      # the rest of a UTF-8 character
        length(line) > 100 { bad(length(line) " characters") }
        /(TO)(DO)|(FIX)(ME)|(X)(XX)\>/ { bad("leftover mark") }
        /^[^"]*[^:"]\/\/ / && file ~ /\.[ch]$/ { bad("line comment") }
        END { if (!spdx && !one_line && FNR > 0) print file ": no SPDX line" }' "$file")
    if [ -n "$offences" ]; then
        printf '%s\n' "$offences"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
