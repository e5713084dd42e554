// pool3's solver as a peer of bench/compare svm.
//   bench_svm_worker X.f32 LABELS.i32 DIM CLASSES COEF.f64
// Reads rows and labels, says "ready", and then answers each line "l1|l2 C TOLERANCE" with the CPU and the wall seconds
// of a fresh solve on the rows as they are, the passes, and the relative gap. COEF.f64 then holds [CLASSES, DIM + 1],
// intercepts last.

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "pool3/error.hpp"
#include "pool3/svm.hpp"

namespace {

template <typename T>
std::vector<T> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<T> values(file ? static_cast<std::size_t>(file.tellg()) / sizeof(T) : 0);
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!file || values.empty()) throw pool3::usage_error("can't read " + path);
  return values;
}

pool3::Problem read_problem(const std::vector<std::string>& args) {
  pool3::Problem p{.dim = std::stoll(args[2]), .classes = std::stoi(args[3])};
  p.x = read_file<float>(args[0]);
  p.labels = read_file<std::int32_t>(args[1]);
  p.rows = std::ssize(p.labels);
  if (p.rows * p.dim != std::ssize(p.x)) throw pool3::usage_error("rows and labels differ in number");
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
  double C = 0, tolerance = 0;
  if (!(words >> loss >> C >> tolerance)) throw pool3::usage_error("not 'LOSS C TOLERANCE': " + line);
  std::vector<pool3::Column> columns;
  for (std::int32_t k = 0; k < problem.classes; ++k) columns.push_back({k, -1});
  const std::clock_t cpu = std::clock();
  const auto start = std::chrono::steady_clock::now();
  pool3::shuffle_rows(problem, 42);
  pool3::Solver solver(comm, problem, columns,
                       {.loss = loss == "l1" ? pool3::Loss::l1 : pool3::Loss::l2, .tolerance = tolerance});
  const pool3::Fit fit = solver.solve(C);
  const double cpu_seconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  write_coefficients(fit, path);
  std::cout << cpu_seconds << ' ' << seconds << ' ' << fit.epochs << ' ' << fit.relative_gap() << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const pool3::MpiSession session(argc, argv);
    if (argc < 6) throw pool3::usage_error("X.f32 LABELS.i32 DIM CLASSES COEF.f64");
    const std::vector<std::string> args(argv + 1, argv + argc);
    const pool3::Communicator comm = pool3::Communicator::world();
    pool3::Problem problem = read_problem(args);
    std::cout << "ready" << std::endl;
    for (std::string line; std::getline(std::cin, line);) answer(comm, problem, line, args[4]);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bench_svm_worker: " << error.what() << '\n';
    return 1;
  }
}
