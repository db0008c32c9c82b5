//! Every kernel of the crate, by op.

use crate::abi::Kernel;

static OPS: &[&[Kernel]] = &[
    crate::adamw_update::KERNELS,
    crate::adaptive_avg_pool2d::KERNELS,
    crate::add::KERNELS,
    crate::avg_pool2d::KERNELS,
    crate::batch_norm::KERNELS,
    crate::ceiling::KERNELS,
    crate::conv2d::KERNELS,
    crate::copy::KERNELS,
    crate::count_correct::KERNELS,
    crate::dropout::KERNELS,
    crate::gemm::KERNELS,
    crate::group_norm::KERNELS,
    crate::guard::KERNELS,
    crate::increment::KERNELS,
    crate::layer_norm::KERNELS,
    crate::matmul::KERNELS,
    crate::map::KERNELS,
    crate::max_pool2d::KERNELS,
    crate::multiply::KERNELS,
    crate::random::KERNELS,
    crate::reduce::KERNELS,
    crate::relu::KERNELS,
    crate::sgd_update::KERNELS,
    crate::sigmoid::KERNELS,
    crate::softmax::KERNELS,
    crate::softmax_axis::KERNELS,
    crate::softmax_cross_entropy::KERNELS,
    crate::subsample_pad::KERNELS,
    crate::sum_pixels::KERNELS,
];

/// How many kernels there are.
pub fn len() -> usize {
    OPS.iter().map(|op| op.len()).sum()
}

/// The kernel with this index, in the order of the ops.
pub fn get(mut index: usize) -> Option<&'static Kernel> {
    for op in OPS {
        if index < op.len() {
            return Some(&op[index]);
        }
        index -= op.len();
    }
    None
}
