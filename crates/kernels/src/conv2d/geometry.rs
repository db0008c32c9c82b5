//! Which pixel of x a tap of an output reads.

kernel_args! {
    /// What every pass of a convolution is told: sizes of x, of y and of the kernel, and how the kernel moves. Zeros around the
    /// image are given by the rows above and the columns to the left; what lies below and to the right follows from y's size.
    pub struct ConvGeometry {
        pub batch: u32,
        pub height: u32,
        pub width: u32,
        pub in_channels: u32,
        pub out_height: u32,
        pub out_width: u32,
        pub out_channels: u32,
        pub kernel_height: u32,
        pub kernel_width: u32,
        pub stride_height: u32,
        pub stride_width: u32,
        pub pad_top: i32,
        pub pad_left: i32,
        pub dilation_height: u32,
        pub dilation_width: u32,
        pub groups: u32,
    }
}

impl ConvGeometry {
    /// Pixels of x, `[N, H, W]`.
    pub fn pixels(&self) -> u32 {
        self.batch * self.height * self.width
    }
    /// Pixels of y, `[N, OH, OW]`.
    pub fn out_pixels(&self) -> u32 {
        self.batch * self.out_height * self.out_width
    }
    /// Input channels of a group.
    pub fn depth(&self) -> u32 {
        self.in_channels / self.groups
    }
    /// Output channels of a group.
    pub fn columns(&self) -> u32 {
        self.out_channels / self.groups
    }
    /// Image, row and column of an output.
    pub fn output(&self, pixel: usize) -> [usize; 3] {
        let (height, width) = (self.out_height as usize, self.out_width as usize);
        [pixel / width / height, pixel / width % height, pixel % width]
    }
    /// Row and column of each tap of the kernel, in the order of the weights.
    pub fn taps(&self) -> impl Iterator<Item = [usize; 2]> + Clone {
        let (height, width) = (self.kernel_height as usize, self.kernel_width as usize);
        (0..height).flat_map(move |kh| (0..width).map(move |kw| [kh, kw]))
    }
    /// The pixel of x that a tap reads for an output; none where it lies outside the image, where x is zero.
    pub fn source(&self, [n, oy, ox]: [usize; 3], [kh, kw]: [usize; 2]) -> Option<usize> {
        let axis = |o: usize, stride: u32, k: usize, dilation: u32, pad: i32, size: u32| {
            let i = o as i64 * stride as i64 + k as i64 * dilation as i64 - pad as i64;
            (0..size as i64).contains(&i).then_some(i as usize)
        };
        let y = axis(oy, self.stride_height, kh, self.dilation_height, self.pad_top, self.height)?;
        let x = axis(ox, self.stride_width, kw, self.dilation_width, self.pad_left, self.width)?;
        Some((n * self.height as usize + y) * self.width as usize + x)
    }
    /// The output for which a tap reads a pixel of x, the inverse of [`ConvGeometry::source`]; none where there is no such output.
    pub fn target(&self, [n, y, x]: [usize; 3], [kh, kw]: [usize; 2]) -> Option<usize> {
        let axis = |i: usize, stride: u32, k: usize, dilation: u32, pad: i32, size: u32| {
            let (o, stride) = (i as i64 + pad as i64 - k as i64 * dilation as i64, stride as i64);
            (o % stride == 0 && (0..size as i64).contains(&(o / stride))).then_some((o / stride) as usize)
        };
        let oy = axis(y, self.stride_height, kh, self.dilation_height, self.pad_top, self.out_height)?;
        let ox = axis(x, self.stride_width, kw, self.dilation_width, self.pad_left, self.out_width)?;
        Some((n * self.out_height as usize + oy) * self.out_width as usize + ox)
    }
}
