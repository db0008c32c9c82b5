//! Every kernel of the crate, by op, in two lists: a module has those of one.

use crate::abi::Kernel;

/// What the nets of the zoo, their training and the checks need: the module that every engine loads.
pub static OPS: &[&[Kernel]] = &[
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
    crate::guard::KERNELS,
    crate::increment::KERNELS,
    crate::matmul::KERNELS,
    crate::max_pool2d::KERNELS,
    crate::multiply::KERNELS,
    crate::random::KERNELS,
    crate::relu::KERNELS,
    crate::sgd_update::KERNELS,
    crate::softmax::KERNELS,
    crate::softmax_cross_entropy::KERNELS,
    crate::subsample_pad::KERNELS,
    crate::sum_pixels::KERNELS,
];

/// All others: a module of its own, loaded where one of their ops is imported.
pub static EXTRA: &[&[Kernel]] = &[
    crate::copy_nd::KERNELS,
    crate::depthwise::KERNELS,
    crate::group_norm::KERNELS,
    crate::layer_norm::KERNELS,
    crate::local_response_norm::KERNELS,
    crate::map::KERNELS,
    crate::reduce::KERNELS,
    crate::resample::KERNELS,
    crate::sigmoid::KERNELS,
    crate::softmax_axis::KERNELS,
];

/// How many kernels a list has.
pub fn len(ops: &[&[Kernel]]) -> usize {
    ops.iter().map(|op| op.len()).sum()
}

/// The kernel with this index, in the order of the ops.
pub fn get<'a>(ops: &[&'a [Kernel]], mut index: usize) -> Option<&'a Kernel> {
    for op in ops {
        if index < op.len() {
            return Some(&op[index]);
        }
        index -= op.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_one_list_and_an_op_has_all_its_kernels_in_it() {
        let op_of = |kernel: &Kernel| kernel.name.split('.').next().unwrap();
        let names = |ops: &'static [&'static [Kernel]]| (0..len(ops)).map(|i| get(ops, i).unwrap());
        assert!(get(OPS, len(OPS)).is_none() && get(EXTRA, len(EXTRA)).is_none());
        for kernel in names(EXTRA) {
            // Depthwise kernels are an algorithm of convolutions, which other kernels compute as well.
            let alone = kernel.name.ends_with("/depthwise") || names(OPS).all(|other| op_of(other) != op_of(kernel));
            assert!(alone, "{} is in both lists", kernel.name);
        }
        let mut all: Vec<_> = names(OPS).chain(names(EXTRA)).map(|kernel| kernel.name).collect();
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
