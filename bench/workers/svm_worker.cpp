// pool3's solver on raw rows: what bench/compare svm and bench/ranks measure, and tests compare. Alone or under mpirun.
//   svm_worker X.f32 LABELS.i32 DIM CLASSES COEF.f64 [centred] [float16]
// Reads rows and labels (every P-th block of 16 rows a rank), says "ready", and then answers each line
// "l1|l2 C TOLERANCE [MOST_PASSES]" with the CPU and the wall seconds of the first rank in a fresh solve, the passes,
// the relative gap, and the first rank's bytes, seconds and number of collective calls. The rows are used as they are,
// or centred and scaled, or rounded to float16 first. COEF.f64 then holds [CLASSES, DIM + 1] for these rows, intercepts
// last.

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "pool3/error.hpp"
#include "pool3/mpi/traffic.hpp"
#include "pool3/numbers.hpp"
#include "pool3/partition.hpp"
#include "pool3/svm.hpp"

namespace {

constexpr std::int64_t block_rows = 16;

/// This rank's blocks of rows of `width` values.
template <typename T>
std::vector<T> read_rows(const pool3::Communicator& comm, const std::string& path, std::int64_t width) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw pool3::usage_error("can't read " + path);
  const auto row_bytes = width * static_cast<std::int64_t>(sizeof(T));
  const std::int64_t rows = static_cast<std::int64_t>(file.tellg()) / row_bytes;
  std::vector<T> values;
  for (std::int64_t b = comm.rank(); b < pool3::block_count(rows, block_rows); b += comm.size()) {
    const pool3::RowRange range = pool3::block_range(rows, block_rows, b);
    const std::size_t before = values.size();
    values.resize(before + static_cast<std::size_t>(range.size() * width));
    file.seekg(range.begin * row_bytes);
    file.read(reinterpret_cast<char*>(values.data() + before), range.size() * row_bytes);
  }
  if (!file) throw pool3::usage_error("can't read " + path);
  return values;
}

pool3::Problem read_problem(const pool3::Communicator& comm, const std::vector<std::string>& args) {
  pool3::Problem p{.dim = std::stoll(args[2]), .classes = std::stoi(args[3])};
  p.x = read_rows<float>(comm, args[0], p.dim);
  p.labels = read_rows<std::int32_t>(comm, args[1], 1);
  p.rows = std::ssize(p.labels);
  if (p.rows * p.dim != std::ssize(p.x)) throw pool3::usage_error("rows and labels differ in number");
  const auto given = [&](const char* word) { return std::find(args.begin() + 5, args.end(), word) != args.end(); };
  if (given("float16")) {
    std::transform(p.x.begin(), p.x.end(), std::back_inserter(p.halves), pool3::half_of_float);
    p.x = {};
  }
  if (given("centred")) static_cast<void>(pool3::standardise(comm, p));
  return p;
}

void write_coefficients(const pool3::Fit& fit, const std::string& path) {
  const auto c = pool3::unfold(fit, {}, static_cast<std::int32_t>(fit.columns));
  std::ofstream file(path, std::ios::binary);
  const auto write = [&](const double* values, std::int64_t count) {
    file.write(reinterpret_cast<const char*>(values), count * static_cast<std::streamsize>(sizeof(double)));
  };
  for (std::int64_t k = 0; k < fit.columns; ++k) {
    write(c.coef.data() + k * fit.dim, fit.dim);
    write(c.intercept.data() + k, 1);
  }
  if (!file.flush()) throw pool3::usage_error("can't write " + path);
}

void answer(const pool3::Communicator& comm, pool3::Problem& problem, const std::string& line,
            const std::string& path) {
  std::istringstream words(line);
  std::string loss;
  double C = 0;
  pool3::SolverOptions options;
  if (!(words >> loss >> C >> options.tolerance)) throw pool3::usage_error("not 'LOSS C TOLERANCE': " + line);
  options.loss = loss == "l1" ? pool3::Loss::l1 : pool3::Loss::l2;
  if (std::int64_t most = 0; words >> most) options.max_epochs = most;
  std::vector<pool3::Column> columns;
  columns.reserve(static_cast<std::size_t>(problem.classes));
  comm.barrier();
  const pool3::Traffic before = pool3::traffic();
  for (std::int32_t k = 0; k < problem.classes; ++k) columns.push_back({k, -1});
  const std::clock_t cpu = std::clock();
  const auto start = std::chrono::steady_clock::now();
  pool3::shuffle_rows(problem, 42);
  pool3::Solver solver(comm, problem, columns, options);
  const pool3::Fit fit = solver.solve(C);
  const double cpu_seconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!comm.is_root()) return;
  const pool3::Traffic spent = pool3::traffic().since(before);
  write_coefficients(fit, path);
  std::cout << cpu_seconds << ' ' << seconds << ' ' << fit.epochs << ' ' << fit.relative_gap() << ' ' << spent.bytes
            << ' ' << spent.seconds << ' ' << spent.calls << std::endl;
}

/// The next question, on every rank; empty at the end. Collective.
std::string next_line(const pool3::Communicator& comm) {
  std::string line;
  if (comm.is_root()) std::getline(std::cin, line);
  comm.broadcast(line);
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const pool3::MpiSession session(argc, argv);
    if (argc < 6) throw pool3::usage_error("X.f32 LABELS.i32 DIM CLASSES COEF.f64");
    const std::vector<std::string> args(argv + 1, argv + argc);
    const pool3::Communicator comm = pool3::Communicator::world();
    pool3::Problem problem = read_problem(comm, args);
    if (comm.is_root()) std::cout << "ready" << std::endl;
    for (std::string line = next_line(comm); !line.empty(); line = next_line(comm))
      answer(comm, problem, line, args[4]);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "svm_worker: " << error.what() << '\n';
    return 1;
  }
}
