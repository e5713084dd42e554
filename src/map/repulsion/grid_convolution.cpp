#include "map/repulsion/grid_convolution.hpp"

#include <fftw3.h>

#include <algorithm>
#include <array>
#include <complex>
#include <new>

#include "pool3/threads.hpp"

namespace pool3::map {
namespace {

constexpr std::align_val_t cache_line{64};  // FFTW wants 16 for its vectors

struct Freed {
  void operator()(double* p) const { ::operator delete[](p, cache_line); }
};
/// Memory as FFTW wants it. FFTW's own function ends the process where there is none.
using Numbers = std::unique_ptr<double[], Freed>;  // NOLINT(modernize-avoid-c-arrays): with an alignment of its own

Numbers allocate(std::size_t count) {
  Numbers numbers(static_cast<double*>(::operator new[](count * sizeof(double), cache_line)));
  std::fill_n(numbers.get(), count, 0.0);
  return numbers;
}

struct Destroyed {
  void operator()(fftw_plan plan) const { fftw_destroy_plan(plan); }
};
using Plan = std::unique_ptr<std::remove_pointer_t<fftw_plan>, Destroyed>;

fftw_complex* complex_of(double* p) { return reinterpret_cast<fftw_complex*>(p); }

}  // namespace

/// Arrays of twice the side, so that what leaves the grid at one end does not come in at the other.
struct Convolution::Transforms {
  explicit Transforms(std::int64_t side)
      : size(2 * side), reals(index(size * size)), half(index(size * (size / 2 + 1))), charge(allocate(reals)) {
    charge_spectrum = allocate(2 * half);
    for (Numbers& n : field) n = allocate(reals);
    for (Numbers& n : spectrum) n = allocate(2 * half);
    const auto n = static_cast<int>(size);
    // Estimated plans: those that are measured differ from run to run, and so do their sums.
    forward.reset(fftw_plan_dft_r2c_2d(n, n, charge.get(), complex_of(charge_spectrum.get()), FFTW_ESTIMATE));
    backward.reset(fftw_plan_dft_c2r_2d(n, n, complex_of(spectrum[0].get()), field[0].get(), FFTW_ESTIMATE));
    if (!forward || !backward) throw std::bad_alloc();
  }

  /// What a charge at the first node does to each, over both sides of it.
  void fill_kernel(int which, double step) {
    const std::int64_t side = size / 2;
    const auto distance = [&](std::int64_t i) { return step * static_cast<double>(i < side ? i : i - size); };
    for (std::int64_t row = 0; row < size; ++row)
      for (std::int64_t column = 0; column < size; ++column) {
        const double x = distance(column), y = distance(row), q = 1 / (1 + x * x + y * y);
        const double value = which == 0 ? q : which == 1 ? q * q * x : q * q * y;
        field[index(which)][index(row * size + column)] = row == side || column == side ? 0 : value;
      }
  }

  void transform_charges() const {
    fftw_execute_dft_r2c(forward.get(), charge.get(), complex_of(charge_spectrum.get()));
  }

  /// REQUIRES: transform_charges() before. Fields don't share memory.
  void convolve(int which, double step) {
    fill_kernel(which, step);
    double* product = spectrum[index(which)].get();
    fftw_execute_dft_r2c(forward.get(), field[index(which)].get(), complex_of(product));
    const double scale = 1 / static_cast<double>(reals);
    for (std::size_t i = 0; i < half; ++i) {
      const std::complex<double> kernel(product[2 * i], product[2 * i + 1]);
      const std::complex<double> charged(charge_spectrum[2 * i], charge_spectrum[2 * i + 1]);
      // The first kernel is even, so its spectrum is real; the others are odd.
      product[2 * i] = scale * (which == 0 ? kernel.real() * charged.real() : -kernel.imag() * charged.imag());
      product[2 * i + 1] = scale * (which == 0 ? kernel.real() * charged.imag() : kernel.imag() * charged.real());
    }
    fftw_execute_dft_c2r(backward.get(), complex_of(product), field[index(which)].get());
  }

  std::int64_t size;
  std::size_t reals, half;
  Numbers charge, charge_spectrum;
  std::array<Numbers, fields> field, spectrum;
  Plan forward, backward;
};

Convolution::Convolution(std::int64_t side) : side_(side), transforms_(std::make_unique<Transforms>(side)) {}
Convolution::~Convolution() = default;

double* Convolution::charges() const { return transforms_->charge.get(); }
const double* Convolution::field(int which) const { return transforms_->field[index(which)].get(); }

void Convolution::clear_charges() const {
  for (std::int64_t row = 0; row < side_; ++row) std::fill_n(charges() + at(row, 0), side_, 0.0);
}

void Convolution::convolve(double step, int threads) {
  transforms_->transform_charges();
  run_tasks(threads, fields, [&](std::int64_t i) { transforms_->convolve(static_cast<int>(i), step); });
}

}  // namespace pool3::map
