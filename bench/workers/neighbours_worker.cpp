// pool3's search for nearest rows on raw rows in memory: what bench/compare neighbours measures.
//   neighbours_worker ROWS QUERIES.f32 WIDTH float32|float16 cosine|euclidean TOP THREADS
// Reads the rows, says "ready", and then answers each line "N" with the wall and the CPU seconds of a search for the
// first N queries, and the rows that it found for the first.

#include <chrono>
#include <ctime>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "pool3/neighbours.hpp"
#include "support/slurp.hpp"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() != 7) return 2;
  const std::int64_t width = std::stoll(words[2]);
  const std::vector<float> queries = pool3::test::read_numbers<float>(words[1]);
  std::vector<float> floats;
  std::vector<std::uint16_t> halves;
  if (words[3] == "float16") {
    halves = pool3::test::read_numbers<std::uint16_t>(words[0]);
  } else {
    floats = pool3::test::read_numbers<float>(words[0]);
  }
  const pool3::RowsView rows{.width = width, .floats = floats, .halves = halves};
  const pool3::NearestOptions options{.top = std::stoll(words[5]),
                                      .metric = words[4] == "cosine" ? pool3::Metric::cosine : pool3::Metric::euclidean,
                                      .threads = std::stoi(words[6])};
  std::cout << "ready" << std::endl;
  for (std::int64_t count = 0; std::cin >> count;) {
    const auto begin = std::chrono::steady_clock::now();
    const std::clock_t cpu = std::clock();
    const auto table = pool3::nearest(rows, std::span(queries).first(static_cast<std::size_t>(count * width)), options);
    std::cout << std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() << ' '
              << static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    for (const pool3::Neighbour& found : table.of(0)) std::cout << ' ' << found.row;
    std::cout << std::endl;
  }
  return 0;
}
