// Sums over all entries by the moments of both sides.
#include "objective/all_entries.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "core/sum_over_rows.hpp"
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

}  // namespace

// Σ_i x_i x_iᵀ and Σ_i x_i of rows x_i that are those of all parts side by side.
struct AllEntries::Moments {
  Moments(const std::vector<const Real*>& parts, std::size_t rows, std::size_t part_stride)
      : stride(part_stride), width(parts.size() * stride) {
    all = sum_over_stretches(rows, width * (width + 1), kBlock, [&](std::size_t first, std::size_t end, double* sums) {
      double* const total = sums + width * width;
      Numbers block;
      for (std::size_t begin = first; begin < end; begin += kBlock) {
        widen(parts, begin, std::min(kBlock, end - begin), stride, block);
        add_products(block, width, sums);
        for (const double* row = block.data(); row != block.data() + block.size(); row += width) {
          for (std::size_t k = 0; k < width; ++k) total[k] += row[k];
        }
      }
    });
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

void AllEntries::set_rows(const Real* columns, Index count, std::size_t stride, const UnobservedTerm& term,
                          RowsOfAll& out) {
  const Moments moments({columns}, count, stride);
  out.matrix.resize(stride * stride);
  out.linear.resize(stride);
  for (std::size_t k = 0; k < out.matrix.size(); ++k) out.matrix[k] = static_cast<Real>(term.weight * moments.all[k]);
  for (std::size_t k = 0; k < stride; ++k) {
    out.linear[k] = static_cast<Real>(term.weight * term.target * moments.total(0)[k]);
  }
}

double AllEntries::value(const Moments& users, const Moments& items) const {
  const double entries = static_cast<double>(layout_.users) * static_cast<double>(layout_.items);
  return term_.weight * (inner(users.products(0, 0), items.products(0, 0)) +
                         term_.target * (term_.target * entries - 2 * inner(users.total(0), items.total(0))));
}

double AllEntries::value(const Real* theta) const {
  return value(Moments({theta}, layout_.users, layout_.stride()),
               Moments({theta + layout_.item_row(0)}, layout_.items, layout_.stride()));
}

// Of a row u: 2 α₀ (Σ_j v_j v_jᵀ u − t₀ Σ_j v_j).
void AllEntries::add_gradient(const Real* u, std::size_t rows, int pinned, const Moments& columns, Real* to) const {
  const std::size_t stride = layout_.stride();
  parallel_for((rows + kBlock - 1) / kBlock, [&](std::size_t at) {
    Numbers slope(stride);
    for (std::size_t row = at * kBlock; row < std::min(rows, (at + 1) * kBlock); ++row) {
      for (std::size_t k = 0; k < stride; ++k) slope[k] = -term_.target * columns.total(0)[k];
      for (std::size_t i = 0; i < stride; ++i) {
        const double* products = columns.all.data() + i * stride;
        const auto element = static_cast<double>(u[row * stride + i]);
        for (std::size_t k = 0; k < stride; ++k) slope[k] += element * products[k];
      }
      if (pinned >= 0) slope[static_cast<std::size_t>(pinned)] = 0;
      for (std::size_t k = 0; k < stride; ++k) {
        Real& out = to[row * stride + k];
        out = static_cast<Real>(static_cast<double>(out) + 2 * term_.weight * slope[k]);
      }
    }
  });
}

double AllEntries::add_gradient(const Real* theta, Real* gradient) const {
  const std::size_t v = layout_.item_row(0);
  const Moments users({theta}, layout_.users, layout_.stride());
  const Moments items({theta + v}, layout_.items, layout_.stride());
  add_gradient(theta, layout_.users, layout_.user_pin(), items, gradient);
  add_gradient(theta + v, layout_.items, layout_.item_pin(), users, gradient + v);
  return value(users, items);
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
  set_rows(theta + layout_.item_row(0), layout_.items, layout_.stride(), term_, out);
}

void AllEntries::for_items(const Real* theta, RowsOfAll& out) const {
  set_rows(theta, layout_.users, layout_.stride(), term_, out);
}

}  // namespace odot::inline ODOT_PRECISION
