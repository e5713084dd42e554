#include "map/convolution.hpp"

#include <fftw3.h>

#include <algorithm>
#include <array>
#include <new>
#include <span>

#include "map/parallel.hpp"

namespace pool3::map {
namespace {

struct Freed {
  void operator()(double* p) const { fftw_free(p); }
};
/// Memory as FFTW wants it.
using Numbers = std::unique_ptr<double[], Freed>;  // NOLINT(modernize-avoid-c-arrays): it owns what FFTW has allocated

Numbers allocate(std::size_t count) {
  Numbers numbers(fftw_alloc_real(count));
  if (!numbers) throw std::bad_alloc();
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
  static constexpr int charges = 3, kernels = 2, potentials = 4;

  explicit Transforms(std::int64_t side)
      : size(2 * side), reals(index(size * size)), half(index(size * (size / 2 + 1))) {
    for (Numbers& n : charge) n = allocate(reals);
    for (Numbers& n : potential) n = allocate(reals);
    for (Numbers& n : spectrum) n = allocate(2 * half);
    for (Numbers& n : product) n = allocate(2 * half);
    const auto n = static_cast<int>(size);
    // Estimated plans: those that are measured differ from run to run, and so do their sums.
    forward.reset(fftw_plan_dft_r2c_2d(n, n, charge[0].get(), complex_of(spectrum[0].get()), FFTW_ESTIMATE));
    backward.reset(fftw_plan_dft_c2r_2d(n, n, complex_of(product[0].get()), potential[0].get(), FFTW_ESTIMATE));
    if (!forward || !backward) throw std::bad_alloc();
  }

  /// 1 / (1 + d^2) to the power of 1 + `which`, over two sides; the potentials' memory is free by then.
  void fill_kernel(int which, double step) {
    double* kernel = potential[index(which)].get();
    const std::int64_t side = size / 2;
    for (std::int64_t a = 0; a < size; ++a)
      for (std::int64_t b = 0; b < size; ++b) {
        const double da = step * static_cast<double>(std::min(a, size - a));
        const double db = step * static_cast<double>(std::min(b, size - b));
        const double q = a == side || b == side ? 0 : 1 / (1 + da * da + db * db);
        kernel[index(a * size + b)] = which == 0 ? q : q * q;
      }
  }

  /// Charges are the first three spectra, kernels the last two.
  void transform(int which, double step) {
    if (which >= charges) fill_kernel(which - charges, step);
    double* from = which < charges ? charge[index(which)].get() : potential[index(which - charges)].get();
    fftw_execute_dft_r2c(forward.get(), from, complex_of(spectrum[index(which)].get()));
  }

  /// Kernels are even, so their spectra are real.
  void multiply_back(int which) {
    const double* charge_spectrum = spectrum[index(which == 0 ? 0 : which - 1)].get();
    const double* kernel_spectrum = spectrum[index(which == 0 ? charges : charges + 1)].get();
    double* out = product[index(which)].get();
    const double scale = 1 / static_cast<double>(reals);
    for (std::size_t i = 0; i < half; ++i) {
      const double factor = scale * kernel_spectrum[2 * i];
      out[2 * i] = factor * charge_spectrum[2 * i];
      out[2 * i + 1] = factor * charge_spectrum[2 * i + 1];
    }
    fftw_execute_dft_c2r(backward.get(), complex_of(out), potential[index(which)].get());
  }

  std::int64_t size;
  std::size_t reals, half;
  std::array<Numbers, charges> charge;
  std::array<Numbers, potentials> potential, product;
  std::array<Numbers, charges + kernels> spectrum;
  Plan forward, backward;
};

Convolution::Convolution(std::int64_t side) : side_(side), transforms_(std::make_unique<Transforms>(side)) {}
Convolution::~Convolution() = default;

double* Convolution::charge(int which) const { return transforms_->charge[index(which)].get(); }
const double* Convolution::potential(int which) const { return transforms_->potential[index(which)].get(); }

void Convolution::clear_charges() {
  for (const auto& c : transforms_->charge)
    for (std::int64_t row = 0; row < side_; ++row) std::fill_n(&c[at(row, 0)], side_, 0.0);
}

void Convolution::convolve(double step, int threads) {
  for_each_piece(threads, Transforms::charges + Transforms::kernels,
                 [&](std::int64_t i) { transforms_->transform(static_cast<int>(i), step); });
  for_each_piece(threads, Transforms::potentials,
                 [&](std::int64_t i) { transforms_->multiply_back(static_cast<int>(i)); });
}

}  // namespace pool3::map
