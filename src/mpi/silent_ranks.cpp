#include "mpi/silent_ranks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <list>
#include <span>
#include <string>
#include <vector>

#include "mpi/return_codes.hpp"
#include "pool3/mpi.hpp"

namespace pool3 {
namespace mpi {
namespace {

constexpr int question_tag = 1;
constexpr int answer_tag = 2;
/// In an answer: the number of the question, and ranks that the answering rank has named.
constexpr std::size_t answer_words = 32;
/// Before this, a wait is nothing to talk about.
constexpr double short_wait_seconds = 1;

using Words = std::vector<std::int64_t>;

/// Where a rank runs.
struct Peer {
  std::array<char, 64> host;
  std::int64_t process;
};

/// A message on its way.
struct Sent {
  Words words;
  MPI_Request request = MPI_REQUEST_NULL;
};

struct Watch {
  MPI_Comm comm = MPI_COMM_NULL;  ///< all ranks, for questions and answers alone
  int rank = 0;
  std::vector<Peer> peers;  ///< by rank
  std::list<Sent> sent;     ///< messages whose words MPI may still need
  std::int64_t questions = 0;
  double last_question = -1;  ///< when another rank last asked this one
  std::set<int> named;        ///< by this rank
  double patience = 60;
  std::function<void(const std::string&)> say;
};

Watch& watch() {
  static Watch it;
  return it;
}

void say(const std::string& text) {
  if (watch().say) return watch().say(text);
  std::fputs(fmt::format("pool3: warning: {}\n", text).c_str(), stderr);
}

void post(Words words, int to, int tag) {
  std::erase_if(watch().sent, [](Sent& sent) {
    int done = 0;
    check_mpi(MPI_Test(&sent.request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    return done != 0;
  });
  Sent& sent = watch().sent.emplace_back(Sent{.words = std::move(words)});
  check_mpi(MPI_Isend(sent.words.data(), static_cast<int>(sent.words.size()), MPI_INT64_T, to, tag, watch().comm,
                      &sent.request),
            "MPI_Isend");
}

/// Calls `take(from, words)` for each message that has come.
template <typename Take>
void receive_all(int tag, const Take& take) {
  while (true) {
    int there = 0;
    MPI_Status status{};
    check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, tag, watch().comm, &there, &status), "MPI_Iprobe");
    if (there == 0) return;
    int count = 0;
    check_mpi(MPI_Get_count(&status, MPI_INT64_T, &count), "MPI_Get_count");
    Words words(static_cast<std::size_t>(count));
    check_mpi(MPI_Recv(words.data(), count, MPI_INT64_T, status.MPI_SOURCE, tag, watch().comm, MPI_STATUS_IGNORE),
              "MPI_Recv");
    if (!words.empty()) take(status.MPI_SOURCE, words);
  }
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// What the kernel says of a process of this program on this node: ", it is stopped". Nothing if it can't be known.
std::string state_of(const Peer& peer) {
  if (std::strcmp(peer.host.data(), watch().peers[static_cast<std::size_t>(watch().rank)].host.data()) != 0) return {};
  const std::string folder = fmt::format("/proc/{}/", peer.process);
  const std::string line = first_line(folder + "stat");
  const std::size_t name_end = line.rfind(')');
  // Another container on this node would have numbers of its own.
  if (name_end == std::string::npos || first_line(folder + "comm") != first_line("/proc/self/comm")) return {};
  switch (line.c_str()[std::min(name_end + 2, line.size())]) {
    case 'T':
      return ", it is stopped";
    case 't':
      return ", a debugger holds it";
    case 'D':
      return ", it waits for a disk or a file system";
    case 'R':
      return ", it computes";
    case 'S':
      return ", it sleeps";
    case 'Z':
      return ", it has ended";
    default:
      return {};
  }
}

std::string place_of(int rank) {
  const Peer& peer = watch().peers[static_cast<std::size_t>(rank)];
  return fmt::format("process {} on {}{}", peer.process, peer.host.data(), state_of(peer));
}

/// That a rank which waits too has for its answer.
double answer_seconds() { return std::min(2.0, watch().patience / 4); }

/// Several at once: all ranks of a node, for one.
void say_silent(const std::vector<int>& ranks, double seconds) {
  constexpr std::size_t most = 8;
  const auto shown = std::span(ranks).first(std::min(most, ranks.size()));
  say(fmt::format("{} ranks have not answered for {:.0f} s: {}{} (the first is {})", ranks.size(), seconds,
                  fmt::join(shown, ", "), ranks.size() > most ? ", ..." : "", place_of(ranks[0])));
  watch().named.insert(ranks.begin(), ranks.end());
}

}  // namespace

void open_watch() {
  Watch& it = watch();
  check_mpi(MPI_Comm_dup(MPI_COMM_WORLD, &it.comm), "MPI_Comm_dup");
  int size = 1;
  check_mpi(MPI_Comm_rank(it.comm, &it.rank), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(it.comm, &size), "MPI_Comm_size");
  Peer mine{.host = {}, .process = getpid()};
  gethostname(mine.host.data(), mine.host.size() - 1);
  it.peers.resize(static_cast<std::size_t>(size));
  check_mpi(MPI_Allgather(&mine, sizeof mine, MPI_BYTE, it.peers.data(), sizeof mine, MPI_BYTE, it.comm),
            "MPI_Allgather");
}

void close_watch() {
  Watch& it = watch();
  for (Sent& sent : it.sent)
    if (sent.request != MPI_REQUEST_NULL) MPI_Request_free(&sent.request);  // MPI_Finalize delivers it
  if (it.comm != MPI_COMM_NULL) MPI_Comm_free(&it.comm);
}

void answer_watch() {
  receive_all(question_tag, [](int from, const Words& words) {
    Watch& it = watch();
    it.last_question = MPI_Wtime();
    Words answer = {words[0]};
    for (const int rank : it.named)
      if (answer.size() < answer_words) answer.push_back(rank);
    post(std::move(answer), from, answer_tag);
  });
}

std::vector<int> world_ranks(MPI_Comm comm) {
  MPI_Group some = MPI_GROUP_NULL, world = MPI_GROUP_NULL;
  check_mpi(MPI_Comm_group(comm, &some), "MPI_Comm_group");
  check_mpi(MPI_Comm_group(watch().comm, &world), "MPI_Comm_group");
  int size = 0;
  check_mpi(MPI_Group_size(some, &size), "MPI_Group_size");
  std::vector<int> numbers(static_cast<std::size_t>(size)), ranks(numbers.size());
  for (int i = 0; i < size; ++i) numbers[static_cast<std::size_t>(i)] = i;
  check_mpi(MPI_Group_translate_ranks(some, size, numbers.data(), world, ranks.data()), "MPI_Group_translate_ranks");
  MPI_Group_free(&some);
  MPI_Group_free(&world);
  return ranks;
}

double patience() { return watch().patience; }

void say_silent(int world_rank, const char* what, double seconds) {
  if (!watch().named.insert(world_rank).second) return;
  say(fmt::format("rank {} has not {} for {:.0f} s ({})", world_rank, what, seconds, place_of(world_rank)));
}

void say_heard(int world_rank, double seconds) {
  if (watch().named.erase(world_rank) != 0)
    say(fmt::format("rank {} is heard of again, after {:.0f} s", world_rank, seconds));
}

Silence::~Silence() {
  for (const int rank : named_) {
    try {
      say_heard(rank, seconds());
    } catch (const std::exception&) {  // no memory for a text
      watch().named.erase(rank);
    }
  }
}

bool Silence::is_its_turn(double waited) {
  // One after another, so that one asks, and has told the others whom it has named when they would ask: if that one is
  // missing itself, the next.
  int rank = 0;
  check_mpi(MPI_Comm_rank(comm_, &rank), "MPI_Comm_rank");
  const double turn = patience() + answer_seconds() * (1 + 1.5 * rank);
  if (ask_at_ == 0) ask_at_ = turn;
  if (watch().last_question > start_ + ask_at_ - turn) ask_at_ = watch().last_question - start_ + turn;
  return waited >= ask_at_;
}

void Silence::check() {
  const double waited = seconds();
  if (waited < std::min(short_wait_seconds, patience() / 4) || watch().comm == MPI_COMM_NULL) return;
  answer_watch();
  if (judge_at_ == 0) {
    if (is_its_turn(waited)) ask();
    return;
  }
  collect();
  if (waited >= judge_at_) name_missing(waited);
}

void Silence::ask() {
  const double waited = seconds();
  question_ = ++watch().questions;
  excused_.clear();
  asked_.clear();
  for (const int rank : world_ranks(comm_)) {
    if (rank == watch().rank || rank == MPI_UNDEFINED) continue;
    asked_.insert(rank);
    post({question_}, rank, question_tag);
  }
  judge_at_ = waited + answer_seconds();
  ask_at_ = waited + patience();
}

void Silence::collect() {
  receive_all(answer_tag, [&](int from, const Words& words) {
    if (words[0] != question_) return;  // an old one
    asked_.erase(from);
    for (std::size_t i = 1; i < words.size(); ++i) excused_.insert(static_cast<int>(words[i]));
  });
}

void Silence::name_missing(double waited) {
  judge_at_ = 0;
  std::vector<int> missing;
  for (const int rank : asked_)
    if (!excused_.contains(rank) && !watch().named.contains(rank)) missing.push_back(rank);
  if (missing.empty()) return;
  if (missing.size() == 1) {
    say_silent(missing[0], "answered", waited);
  } else {
    say_silent(missing, waited);
  }
  named_.insert(missing.begin(), missing.end());
}

}  // namespace mpi

void name_silent_ranks(double after_seconds, std::function<void(const std::string&)> say) {
  mpi::watch().patience = after_seconds;
  mpi::watch().say = std::move(say);
}

}  // namespace pool3
