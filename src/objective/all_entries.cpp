// Sums over all entries by the moments of both sides.
#include "objective/all_entries.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "odot/core/ordered_sum.hpp"
#include "odot/core/parallel.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using Numbers = std::vector<double>;

constexpr std::size_t kTogether = 4;  // rows: each element of a sum is read and written once for so many
constexpr std::size_t kBlock = 32 * kTogether;

double inner(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

// Rows [begin, begin + count) of each of `parts` side by side, and zeros up to a multiple of kTogether.
void widen(const std::vector<const Real*>& parts, std::size_t begin, std::size_t count, std::size_t stride,
           Numbers& out) {
  const std::size_t width = parts.size() * stride;
  out.assign((count + kTogether - 1) / kTogether * kTogether * width, 0);
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const Real* from = parts[part] + begin * stride;
    for (std::size_t row = 0; row < count; ++row) {
      std::copy_n(from + row * stride, stride, out.begin() + static_cast<std::ptrdiff_t>(row * width + part * stride));
    }
  }
}

// to += Σ x xᵀ over the rows x of `block`, on and above the diagonal.
void add_products(const Numbers& block, std::size_t width, double* to) {
  for (const double* x = block.data(); x != block.data() + block.size(); x += kTogether * width) {
    const double* y = x + width;
    const double* z = y + width;
    const double* w = z + width;
    for (std::size_t i = 0; i < width; ++i) {
      double* row = to + i * width;
      for (std::size_t k = i; k < width; ++k) row[k] += (x[i] * x[k] + y[i] * y[k]) + (z[i] * z[k] + w[i] * w[k]);
    }
  }
}

// Σ_i x_i x_iᵀ and Σ_i x_i of rows x_i that are those of all parts side by side.
struct Moments {
  Moments(const std::vector<const Real*>& parts, std::size_t rows, std::size_t part_stride)
      : stride(part_stride), width(parts.size() * stride), all(width * (width + 1)) {
    constexpr std::size_t kMostChunks = 64;                     // each has sums of its own,
    constexpr std::size_t kMostNumbers = std::size_t{1} << 23;  // so many in all
    const std::size_t most = std::clamp<std::size_t>(kMostNumbers / all.size(), 1, kMostChunks);
    const std::size_t length = std::max(kBlock, (rows + most - 1) / most);
    const std::size_t chunks = (rows + length - 1) / length;
    Numbers sums(chunks * all.size());
    parallel_for(chunks, [&](std::size_t at) {
      double* const products = sums.data() + at * all.size();
      double* const total = products + width * width;
      Numbers block;
      const std::size_t end = std::min(rows, (at + 1) * length);
      for (std::size_t begin = at * length; begin < end; begin += kBlock) {
        widen(parts, begin, std::min(kBlock, end - begin), stride, block);
        add_products(block, width, products);
        for (std::size_t k = 0; k < block.size(); ++k) total[k % width] += block[k];
      }
    });
    add_elements_in_order<double>(sums, all);
    for (std::size_t i = 0; i < width; ++i) {
      for (std::size_t k = 0; k < i; ++k) all[i * width + k] = all[k * width + i];
    }
  }

  // Those of two parts, stride × stride, one row after another.
  Numbers products(std::size_t first, std::size_t second) const {
    Numbers out(stride * stride);
    for (std::size_t i = 0; i < stride; ++i) {
      const auto from = all.begin() + static_cast<std::ptrdiff_t>((first * stride + i) * width + second * stride);
      std::copy_n(from, stride, out.begin() + static_cast<std::ptrdiff_t>(i * stride));
    }
    return out;
  }

  std::span<const double> total(std::size_t part) const {
    return std::span(all).subspan(width * width + part * stride, stride);
  }

  std::size_t stride;
  std::size_t width;
  Numbers all;  // the products, then the sums
};

}  // namespace

void set_rows_of_all(const Real* columns, Index count, std::size_t stride, const UnobservedTerm& term, RowsOfAll& out) {
  const Moments moments({columns}, count, stride);
  out.matrix.resize(stride * stride);
  out.linear.resize(stride);
  for (std::size_t k = 0; k < out.matrix.size(); ++k) out.matrix[k] = static_cast<Real>(term.weight * moments.all[k]);
  for (std::size_t k = 0; k < stride; ++k) {
    out.linear[k] = static_cast<Real>(term.weight * term.target * moments.total(0)[k]);
  }
}

double AllEntries::value(const Real* theta) const {
  const Moments users({theta}, layout_.users, layout_.stride());
  const Moments items({theta + layout_.item_row(0)}, layout_.items, layout_.stride());
  const double entries = static_cast<double>(layout_.users) * static_cast<double>(layout_.items);
  return term_.weight * (inner(users.products(0, 0), items.products(0, 0)) +
                         term_.target * (term_.target * entries - 2 * inner(users.total(0), items.total(0))));
}

// Of a row u: 2 α₀ (Σ_j v_j v_jᵀ u − t₀ Σ_j v_j).
void AllEntries::add_to_side(const Real* theta, bool users, Real* gradient) const {
  const std::size_t stride = layout_.stride();
  const std::size_t rows = users ? layout_.users : layout_.items;
  const std::size_t first = users ? 0 : layout_.item_row(0);
  const int pinned = users ? layout_.user_pin() : layout_.item_pin();
  const Moments columns({theta + (users ? layout_.item_row(0) : 0)}, users ? layout_.items : layout_.users, stride);
  parallel_for((rows + kBlock - 1) / kBlock, [&](std::size_t at) {
    Numbers slope(stride);
    for (std::size_t row = at * kBlock; row < std::min(rows, (at + 1) * kBlock); ++row) {
      const Real* u = theta + first + row * stride;
      Real* to = gradient + first + row * stride;
      for (std::size_t k = 0; k < stride; ++k) slope[k] = -term_.target * columns.total(0)[k];
      for (std::size_t i = 0; i < stride; ++i) {
        const double* products = columns.all.data() + i * stride;
        for (std::size_t k = 0; k < stride; ++k) slope[k] += static_cast<double>(u[i]) * products[k];
      }
      if (pinned >= 0) slope[static_cast<std::size_t>(pinned)] = 0;
      for (std::size_t k = 0; k < stride; ++k) {
        to[k] = static_cast<Real>(static_cast<double>(to[k]) + 2 * term_.weight * slope[k]);
      }
    }
  });
}

double AllEntries::add_gradient(const Real* theta, Real* gradient) const {
  add_to_side(theta, true, gradient);
  add_to_side(theta, false, gradient);
  return value(theta);
}

// With steps p of U's rows and q of V's: Σ_ij (u·v − t₀ + α (p·v + u·q) + α² p·q)². Every sum over entries of a product
// of two inner products, as Σ_ij (u_i·v_j)(p_i·q_j), is Σ_kl (UᵀP)_kl (VᵀQ)_kl.
LinePolynomial AllEntries::line(const Real* theta, const Real* direction) const {
  const std::size_t v = layout_.item_row(0);
  const Moments users({theta, direction}, layout_.users, layout_.stride());
  const Moments items({theta + v, direction + v}, layout_.items, layout_.stride());
  const Numbers uu = users.products(0, 0);
  const Numbers up = users.products(0, 1);
  const Numbers pu = users.products(1, 0);
  const Numbers pp = users.products(1, 1);
  const Numbers vv = items.products(0, 0);
  const Numbers vq = items.products(0, 1);
  const Numbers qq = items.products(1, 1);
  const auto sums = [&](std::size_t of_users, std::size_t of_items) {
    return inner(users.total(of_users), items.total(of_items));
  };
  const double t = term_.target;
  const double first = inner(up, vv) + inner(uu, vq) - t * (sums(1, 0) + sums(0, 1));
  const double second = inner(pp, vv) + 2 * inner(pu, vq) + inner(uu, qq) + 2 * (inner(up, vq) - t * sums(1, 1));
  const double third = inner(pp, vq) + inner(up, qq);
  const double a = term_.weight;
  return {{2 * a * first, a * second, 2 * a * third, a * inner(pp, qq)}};
}

void AllEntries::for_users(const Real* theta, RowsOfAll& out) const {
  set_rows_of_all(theta + layout_.item_row(0), layout_.items, layout_.stride(), term_, out);
}

void AllEntries::for_items(const Real* theta, RowsOfAll& out) const {
  set_rows_of_all(theta, layout_.users, layout_.stride(), term_, out);
}

}  // namespace odot::inline ODOT_PRECISION
