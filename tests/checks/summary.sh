#!/usr/bin/env bash
# scripts/test-summary on results that CTest itself writes: passed, failed, skipped, not started, none.
#   summary.sh CTEST
set -euo pipefail
ctest=$1
summary=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../scripts" && pwd)/test-summary
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
wrong=0

# Runs CTest on the tests given in its own language, and compares the last line and the exit code.
expect() {
  local line=$1 code=$2 ctest_code=0 got_code=0 got
  printf '%s\n' "${@:3}" >CTestTestfile.cmake
  rm -f results.xml
  "$ctest" --no-tests=error --output-junit "$scratch/results.xml" >ctest.log 2>&1 || ctest_code=$?
  got=$("$summary" results.xml "$ctest_code" 2>summary.log | tail -n 1) || got_code=$?
  if [[ $got != "$line" || $got_code != "$code" ]]; then
    echo "expected '$line' and exit code $code, got '$got' and $got_code, from: ${*:3}"
    cat ctest.log summary.log
    wrong=1
  fi
}

pass='add_test(pass true)'
fail='add_test(fail false)'
skip='add_test(skip sh -c "exit 77")
set_tests_properties(skip PROPERTIES SKIP_RETURN_CODE 77)'
missing='add_test(missing /no/such/program)'
slow='add_test(slow sleep 20)
set_tests_properties(slow PROPERTIES TIMEOUT 1)'
needs='set_tests_properties(fail PROPERTIES FIXTURES_SETUP f)
set_tests_properties(pass PROPERTIES FIXTURES_REQUIRED f)'

expect '1 passed, 0 failed' 0 "$pass"
expect '1 passed, 1 failed' 1 "$pass" "$fail"
expect '1 passed, 0 failed, 1 skipped' 0 "$pass" "$skip"
expect '1 passed, 1 failed' 1 "$pass" "$missing"
expect '0 passed, 1 failed' 1 "$slow"
expect '0 passed, 2 failed' 1 "$fail" "$pass" "$needs"
expect '0 passed, 0 failed, 1 skipped' 1 "$skip"
expect '0 passed, 0 failed' 1 ''

# CTest died: its exit code counts even when the file shows nothing bad, and no file is no test.
expect '1 passed, 0 failed' 0 "$pass"
if "$summary" results.xml 8 >last.txt 2>&1; then echo "a failing CTest is called good" && wrong=1; fi
if "$summary" nowhere.xml 0 >last.txt 2>&1; then echo "no results are called good" && wrong=1; fi
[[ $(tail -n 1 last.txt) == '0 passed, 0 failed' ]] || wrong=1
exit "$wrong"
