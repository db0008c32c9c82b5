mod backward_weight;
mod case;
mod forward;
mod norm;
mod winograd;
