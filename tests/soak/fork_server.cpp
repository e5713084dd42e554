// Runs commands of pool3, each in a child of its own, without the start of a process, of its libraries and of MPI: most
// of what a small command takes under the sanitizers. `mutants_files --server` talks to it over pipes.
//
// A request is a line of JSON on stdin: {"arguments": ["verify", "f.h5"], "out": FILE, "err": FILE}. The answers are
// two lines on stdout: the child's process id as soon as it runs, then its wait status and the most memory that it had,
// in kB.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command.hpp"
#include "console/output.hpp"
#include "pool3/error.hpp"
#include "pool3/mpi.hpp"
#include "setup/resource_shortage.hpp"

namespace {

namespace jobs = pool3::jobs;

int fail(const pool3::Error& error) {
  std::fputs(fmt::format("pool3: error: {}\n", error.what()).c_str(), stderr);
  return static_cast<int>(error.fields().code);
}

/// As main() of pool3 does, from the flags on.
int run(const std::vector<std::string>& words) try {
  const auto entry = std::ranges::find(jobs::commands(), words.at(0), &jobs::CommandEntry::name);
  if (entry == jobs::commands().end()) return fail(pool3::usage_error("there is no command " + words[0], ""));
  const std::vector<std::string> arguments(words.begin() + 1, words.end());
  if (const auto error = jobs::wrong_flags(*entry, arguments)) return fail(*error);
  jobs::check_room();
  return static_cast<int>(jobs::run_on_ranks(*entry, arguments));
} catch (const std::exception& error) {
  return fail(pool3::unforeseen_error(error));
}

void redirect(int from, const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (file < 0 || dup2(file, from) < 0) _exit(127);
}

[[noreturn]] void be_child(const nlohmann::json& request) {
  redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
  redirect(STDOUT_FILENO, request.at("out"), O_WRONLY | O_CREAT | O_TRUNC);
  redirect(STDERR_FILENO, request.at("err"), O_WRONLY | O_CREAT | O_TRUNC);
  jobs::prepare_output();
  const int code = run(request.at("arguments"));
  std::fflush(nullptr);
  std::_Exit(code);
}

void answer(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

void serve(const std::string& line) {
  const auto request = nlohmann::json::parse(line);
  const pid_t child = fork();
  if (child == 0) be_child(request);
  answer(std::to_string(child));
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) < 0) std::exit(1);
  answer(fmt::format("{} {}", status, usage.ru_maxrss));
}

}  // namespace

int main(int argc, char** argv) try {
  jobs::prepare_for_shortage();
  {
    const pool3::MpiSession session(argc, argv);
    for (std::string line; std::getline(std::cin, line);) serve(line);
  }
  std::_Exit(0);  // as pool3 ends
} catch (const std::exception& error) {
  std::fputs(error.what(), stderr);
  return 1;
}
