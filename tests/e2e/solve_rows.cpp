// pool3's solver on raw rows, for tests that compare its answers with those of other programs.
//   solve_rows X.f32 LABELS.i32 DIM CLASSES COEF.f64
// answers each line "l1|l2 C TOLERANCE" of its input with "GAP PASSES SECONDS"; COEF.f64 then holds
// [CLASSES, DIM + 1], intercepts last. Rows are dealt out in turn. Run it under mpirun, input and output at the root.

#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "pool3/error.hpp"
#include "pool3/svm.hpp"
#include "raw_numbers.hpp"

namespace {

pool3::Problem own_rows(const pool3::Communicator& comm, const std::vector<std::string>& args) {
  pool3::Problem p{.dim = std::stoll(args[2]), .classes = std::stoi(args[3])};
  const auto x = pool3::test::read_numbers<float>(args[0]);
  const auto labels = pool3::test::read_numbers<std::int32_t>(args[1]);
  for (std::int64_t i = comm.rank(); i < std::ssize(labels); i += comm.size()) {
    p.x.insert(p.x.end(), x.begin() + i * p.dim, x.begin() + (i + 1) * p.dim);
    p.labels.push_back(labels[static_cast<std::size_t>(i)]);
  }
  p.rows = std::ssize(p.labels);
  pool3::shuffle_rows(p, 42);
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

void answer(const pool3::Communicator& comm, const pool3::Problem& problem, const std::string& line,
            const std::string& path) {
  std::istringstream words(line);
  std::string loss;
  double C = 0, tolerance = 0;
  if (!(words >> loss >> C >> tolerance)) throw pool3::usage_error("not 'LOSS C TOLERANCE': " + line);
  std::vector<pool3::Column> columns;
  for (std::int32_t k = 0; k < problem.classes; ++k) columns.push_back({k, -1});
  pool3::Solver solver(
      comm, problem, columns,
      {.loss = loss == "l1" ? pool3::Loss::l1 : pool3::Loss::l2, .tolerance = tolerance, .max_epochs = 20000});
  const pool3::Fit fit = solver.solve(C);
  if (!comm.is_root()) return;
  write_coefficients(fit, path);
  std::cout << fit.relative_gap() << ' ' << fit.epochs << ' ' << fit.seconds << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const pool3::MpiSession session(argc, argv);
    if (argc < 6) throw pool3::usage_error("X.f32 LABELS.i32 DIM CLASSES COEF.f64");
    const std::vector<std::string> args(argv + 1, argv + argc);
    const pool3::Communicator comm = pool3::Communicator::world();
    const pool3::Problem problem = own_rows(comm, args);
    for (bool more = true; more;) {
      std::string line;
      if (comm.is_root()) std::getline(std::cin, line);
      comm.broadcast(line);
      more = !line.empty();
      if (more) answer(comm, problem, line, args[4]);
    }
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "solve_rows: " << error.what() << '\n';
    return 1;
  }
}
