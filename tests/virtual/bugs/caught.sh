#!/bin/sh
# caught.sh FILTER RIGHT WRONG [mpirun -n N]: the tests pass in the program RIGHT and fail in WRONG. Ranks that hang have
# failed; one that is only slow has not.
filter=$1 right=$2 wrong=$3
shift 3
timeout 60 "$@" "$right" --gtest_filter="$filter" --gtest_brief=1 || { echo "the tests fail without the bug"; exit 1; }
limit=50
[ $# -eq 0 ] || limit=12
timeout -k 3 $limit "$@" "$wrong" --gtest_filter="$filter" --gtest_brief=1
code=$?
[ $code -ne 126 ] && [ $code -ne 127 ] || { echo "the program with the bug does not start"; exit 1; }
if [ $code -eq 0 ] || { [ $code -eq 124 ] && [ $# -eq 0 ]; }; then
	echo "the bug was not caught"
	exit 1
fi
